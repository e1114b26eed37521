from pathlib import Path

from tests.cli.running import kogda


def test_a_new_workspace_passes_its_own_check(tmp_path: Path):
    made = kogda("init", "shop", cwd=tmp_path)
    checked = kogda("check", "--strict", cwd=tmp_path / "shop")

    assert made.returncode == 0, made.stderr
    assert checked.stdout == "2 rules in 1 file: no mistakes\n"
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_it_holds_a_rule_with_its_test_and_the_checks_for_commits_and_ci(tmp_path: Path):
    kogda("init", "coffee-shop", cwd=tmp_path)

    shop = tmp_path / "coffee-shop"
    files = {path.relative_to(shop).as_posix() for path in shop.rglob("*") if path.is_file()}
    assert files == {
        "kogda.yaml",
        "schema.yaml",
        "rules/first.rules",
        "rules/first.test.rules",
        "templates/email/layouts/base.html",
        "templates/email/welcome.html",
        "templates/email/cart.html",
        ".gitignore",
        ".pre-commit-config.yaml",
        ".github/workflows/kogda.yml",
    }
    assert "name: Coffee shop" in (shop / "kogda.yaml").read_text()


def test_a_russian_one_passes_its_own_check_and_tests(tmp_path: Path):
    made = kogda("init", "лавка-чая", cwd=tmp_path, KOGDA_LANGUAGE="ru")
    shop = tmp_path / "лавка-чая"

    assert made.returncode == 0, made.stderr
    assert kogda("check", "--strict", cwd=shop).stdout == "2 rules in 1 file: no mistakes\n"
    assert kogda("test", cwd=shop).stdout.startswith("2 tests in 1 file: 2 passed")
    assert kogda("fmt", "--check", cwd=shop).returncode == 0
    assert "name: Лавка чая" in (shop / "kogda.yaml").read_text()


def test_the_language_may_be_asked_for(tmp_path: Path):
    kogda("init", "--language", "ru", "a+b", cwd=tmp_path)

    assert "name: Мой магазин" in (tmp_path / "a+b" / "kogda.yaml").read_text()


def test_a_workspace_is_never_written_over(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    rules = tmp_path / "shop" / "rules" / "first.rules"
    rules.write_text("# mine\n")

    again = kogda("init", "shop", cwd=tmp_path)

    assert again.returncode == 2
    assert "is a workspace already" in again.stderr
    assert rules.read_text() == "# mine\n"


def test_files_that_are_there_are_kept(tmp_path: Path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".gitignore").write_text("node_modules/\n")

    made = kogda("init", "shop", cwd=tmp_path)

    assert made.returncode == 0
    assert "was there already; kept" in made.stdout
    assert (tmp_path / "shop" / ".gitignore").read_text() == "node_modules/\n"


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path):
    (tmp_path / "file").touch()

    made = kogda("init", "file/shop", cwd=tmp_path)

    assert made.returncode == 2
    assert made.stderr.startswith("kogda: cannot write")
    assert "Traceback" not in made.stderr
