from pathlib import Path

from tests.cli.running import kogda


def test_every_mail_that_the_day_must_lead_to_arrives(folder: Path):
    demo = kogda("demo", "--once", "--customers", "40", "--hour", "1", cwd=folder, within_s=240)

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "have arrived." in demo.stdout
    assert "/mailbox" in demo.stdout


def test_a_folder_that_is_not_the_demos_own_is_never_removed(folder: Path):
    (folder / "precious.txt").write_text("do not lose me")

    demo = kogda("demo", "--once", "--port", "0", "--data", folder, cwd=folder)

    assert demo.returncode == 2
    assert "is not empty and not of an earlier demo" in demo.stderr
    assert (folder / "precious.txt").read_text() == "do not lose me"
