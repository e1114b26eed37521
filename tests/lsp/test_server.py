"""`kogda lsp` as an editor meets it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
from lsprotocol import types

from tests.cli.running import command_of
from tests.lsp.editor import Editor, editor

CART = "rules/cart.rules"
EMOJI = (
    'use "common.rules"\nrule "🎉 Корзина"\n  when cart_updated where "🎉🎉" is event.cart_iddd\n  send email "cart"\n'
)


async def test_mistakes_are_marked_while_one_writes(desk: Editor):
    desk.open(CART)
    await desk.codes(CART)

    desk.write(CART, desk.texts[CART].replace("cart_updated where", "cart_updatedd where"))
    [mark] = await desk.codes(CART, "E201")

    assert desk.text_in(CART, mark.range) == "cart_updatedd"
    assert mark.message.startswith('there is no event called "cart_updatedd"')
    assert "did you mean cart_updated?" in mark.message
    desk.write(CART, desk.texts[CART].replace("cart_updatedd", "cart_updated"))
    await desk.codes(CART)


async def test_marks_stand_right_behind_cyrillic_and_emoji(desk: Editor):
    desk.open("rules/new.rules", EMOJI)

    marks = await desk.codes("rules/new.rules", "E205")

    assert desk.text_in("rules/new.rules", marks[0].range) == "cart_iddd"


async def test_units_of_columns_are_those_that_the_client_wants(workspace: Path):
    async with editor(workspace, encodings=["utf-8"]) as desk:
        desk.open("rules/new.rules", EMOJI)

        [mark] = await desk.codes("rules/new.rules", "E205")

        line = EMOJI.split("\n")[mark.range.start.line].encode()
        assert line[mark.range.start.character : mark.range.end.character] == b"cart_iddd"


async def test_a_mistake_in_another_file_is_marked_there(desk: Editor):
    desk.open("rules/common.rules")
    desk.open(CART)
    await desk.codes(CART)

    desk.write("rules/common.rules", desk.texts["rules/common.rules"].replace("small_cart", "smal_cart"))

    [mark] = await desk.codes(CART, "E206")
    assert desk.text_in(CART, mark.range) == "small_cart"


async def test_files_that_are_not_open_are_marked_too_and_unmarked(desk: Editor, workspace: Path):
    desk.open("schema.yaml")
    await desk.codes("schema.yaml")
    text = desk.texts["schema.yaml"]

    desk.write("schema.yaml", text.replace("  registered:", "  signed_up:"))
    await desk.codes("rules/welcome.rules", "E201", "E201")

    desk.write("schema.yaml", text)
    await desk.codes("rules/welcome.rules")


async def test_the_clients_language_is_spoken(workspace: Path):
    async with editor(workspace, language="ru") as desk:
        desk.open("rules/new.rules", "when cart_updatedd exit\n")

        [mark] = await desk.codes("rules/new.rules", "E201")

        assert "нет события" in mark.message.lower() or "событи" in mark.message


async def test_completion_fills_the_parsers_state_with_the_schema(desk: Editor):
    desk.open("rules/new.rules", '# 🎉\nwhen cart_updated where event.to\n  send email "ca"')

    properties = await desk.complete("rules/new.rules", "event.to")
    [*templates] = await desk.complete("rules/new.rules", 'email "ca')

    assert [each.label for each in properties] == ["total"]
    assert properties[0].text_edit == types.TextEdit(types.Range(types.Position(1, 30), types.Position(1, 32)), "total")
    assert [each.label for each in templates][:2] == ['"cart"', '"cart_again"']
    assert isinstance(templates[0].text_edit, types.TextEdit)
    assert desk.text_in("rules/new.rules", templates[0].text_edit.range) == '"ca"'


async def test_completion_explains_what_it_proposes(desk: Editor):
    desk.open("rules/new.rules", "when cart_upd")

    [item] = await desk.complete("rules/new.rules", "cart_upd")
    told = await desk.client.completion_item_resolve_async(item)

    assert isinstance(told.documentation, types.MarkupContent)
    assert "**cart_updated** — cart changed" in told.documentation.value


async def test_shapes_of_rules_are_snippets(desk: Editor):
    desk.open("rules/new.rules", "ru")

    items = await desk.complete("rules/new.rules", "ru")

    shape = next(each for each in items if each.kind == types.CompletionItemKind.Snippet)
    assert shape.insert_text_format == types.InsertTextFormat.Snippet
    assert "${1:" in shape.text_edit.new_text  # type: ignore[union-attr]


async def test_hover_says_what_a_name_means(desk: Editor):
    desk.open(CART)

    assert "**cart_updated** — cart changed" in await desk.hover(CART, "cart_updated where")
    assert "let small_cart = 15 EUR" in await desk.hover(CART, "small_cart")
    assert "**once**" in await desk.hover(CART, "once per")
    assert await desk.hover(CART, "An hour" if "An hour" in desk.texts[CART] else "# A cart") == ""


async def test_definitions_lead_into_the_schema_other_files_and_templates(desk: Editor, workspace: Path):
    desk.open(CART)

    [event] = await desk.ask(types.TEXT_DOCUMENT_DEFINITION, CART, "cart_updated where")
    [constant] = await desk.ask(types.TEXT_DOCUMENT_DEFINITION, CART, "small_cart")
    [template] = await desk.ask(types.TEXT_DOCUMENT_DEFINITION, CART, 'cart"\n  wait')

    schema = (workspace / "schema.yaml").read_text().split("\n")
    assert schema[event.range.start.line][event.range.start.character :] == "cart_updated:"
    assert constant.uri == desk.uri("rules/common.rules")
    assert template.uri == desk.uri("templates/email/cart.html")


async def test_a_definition_is_renamed_across_files(desk: Editor):
    desk.open(CART)

    edit = await desk.ask(types.TEXT_DOCUMENT_RENAME, CART, "small_cart", new_name="tiny_cart")

    changed = {uri.rpartition("/")[2]: [each.new_text for each in edits] for uri, edits in edit.changes.items()}
    assert changed == {"cart.rules": ["tiny_cart"], "common.rules": ["tiny_cart"]}


async def test_a_split_is_renamed_in_tests_too(desk: Editor):
    desk.open(CART)

    edit = await desk.ask(types.TEXT_DOCUMENT_RENAME, CART, "Second reminder", new_name="Another")

    assert {uri.rpartition("/")[2] for uri in edit.changes} == {"cart.rules", "cart.test.rules"}


async def test_a_template_is_renamed_with_all_its_files(desk: Editor):
    desk.open(CART)

    edit = await desk.ask(types.TEXT_DOCUMENT_RENAME, CART, 'cart_again"', new_name="cart_second")

    renamed = [each for each in edit.document_changes if isinstance(each, types.RenameFile)]
    assert [each.new_uri.rpartition("/")[2] for each in renamed] == ["cart_second.html", "cart_second.ru.html"]


async def test_an_event_is_not_renamed_and_the_reason_is_told(desk: Editor):
    desk.open(CART)

    try:
        await desk.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, CART, "cart_updated where")
    except Exception as error:
        assert "the application sends this name" in str(error)
    else:
        raise AssertionError("it was renamed")


async def test_a_file_is_formatted_unless_it_has_mistakes(desk: Editor):
    desk.open("rules/new.rules", 'when   registered\nsend email "welcome"\n')
    options = types.FormattingOptions(2, True)

    [edit] = await desk.ask(types.TEXT_DOCUMENT_FORMATTING, "rules/new.rules", options=options)
    desk.write("rules/new.rules", "when when when\n")
    nothing = await desk.ask(types.TEXT_DOCUMENT_FORMATTING, "rules/new.rules", options=options)

    assert edit.new_text == 'when registered send email "welcome"\n' or edit.new_text.startswith("when registered")
    assert not nothing


async def test_fixes_are_offered_at_the_mistake(desk: Editor):
    desk.open("rules/new.rules", "🎉" and 'rule "🎉"\n  when cart_updatedd\n  send email "cart"\n')
    [mark] = await desk.codes("rules/new.rules", "E201")

    actions = await desk.ask(
        types.TEXT_DOCUMENT_CODE_ACTION, "rules/new.rules", range=mark.range, context=types.CodeActionContext([mark])
    )
    elsewhere = await desk.ask(
        types.TEXT_DOCUMENT_CODE_ACTION,
        "rules/new.rules",
        range=types.Range(types.Position(2, 2), types.Position(2, 2)),
        context=types.CodeActionContext([], only=[types.CodeActionKind.QuickFix]),
    )

    quick = [each for each in actions if each.kind == types.CodeActionKind.QuickFix]
    [edits] = quick[0].edit.changes.values()
    assert [each.new_text for each in edits] == ["cart_updated"]
    assert desk.text_in("rules/new.rules", edits[0].range) == "cart_updatedd"
    assert not elsewhere


async def test_all_safe_fixes_are_one_action(desk: Editor):
    desk.open("rules/new.rules", 'when Cart_Updated\n  send email "cart"\n')
    [mark] = await desk.codes("rules/new.rules", "E201")

    actions = await desk.ask(
        types.TEXT_DOCUMENT_CODE_ACTION,
        "rules/new.rules",
        range=mark.range,
        context=types.CodeActionContext([mark], only=[types.CodeActionKind.SourceFixAll]),
    )

    assert [each.kind for each in actions] == [types.CodeActionKind.SourceFixAll]


async def test_the_outline_lists_rules(desk: Editor):
    desk.open(CART)

    found = await desk.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, CART)

    assert [each.name for each in found] == ["common.rules", "Abandoned cart"]
    assert [each.name for each in found[1].children] == ["Second reminder"]


async def test_names_are_coloured(desk: Editor):
    desk.open("rules/new.rules", "# 🎉\nwhen cart_updated where event.total > 5 EUR\n")

    tokens = await desk.ask(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, "rules/new.rules")

    assert list(tokens.data) == [1, 5, 12, 0, 0, 0, 25, 5, 1, 0]


async def test_references_and_highlights(desk: Editor):
    desk.open(CART)

    everywhere = await desk.ask(
        types.TEXT_DOCUMENT_REFERENCES, CART, "small_cart", context=types.ReferenceContext(True)
    )
    here = await desk.ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, CART, "small_cart")

    assert {each.uri for each in everywhere} == {desk.uri(CART), desk.uri("rules/common.rules")}
    assert len(here) == 1


async def test_a_lens_runs_the_tests_of_a_rule(desk: Editor):
    desk.open(CART)
    lenses = await desk.ask(types.TEXT_DOCUMENT_CODE_LENS, CART)
    run = next(each.command for each in lenses if each.command.command == "kogda.test")

    await desk.client.workspace_execute_command_async(types.ExecuteCommandParams(run.command, arguments=run.arguments))

    assert "4" in await desk.told("passed")


async def test_files_changed_by_other_programs_are_read_again(desk: Editor, workspace: Path):
    desk.open(CART)
    await desk.codes(CART)

    common = workspace / "rules" / "common.rules"
    common.write_text(common.read_text().replace("small_cart", "smal_cart"))
    event = types.FileEvent(common.as_uri(), types.FileChangeType.Changed)
    desk.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    await desk.codes(CART, "E206")


async def test_closing_without_saving_forgets_the_text(desk: Editor):
    desk.open(CART)
    desk.write(CART, "when nothing_like_this exit\n")
    await desk.codes(CART, "E201")

    desk.close(CART)

    await desk.codes(CART)


async def test_a_file_outside_of_a_workspace_is_checked_for_its_words(desk: Editor, tmp_path: Path):
    desk.folder = tmp_path
    desk.open("note.rules", 'when cart_updated sned email "cart"\n')

    [mark] = await desk.codes("note.rules", "E101")

    assert desk.text_in("note.rules", mark.range) == "sned"
    assert "send" in [each.label for each in await desk.complete("note.rules", "cart_updated ")]


async def test_a_broken_workspace_does_not_stop_it(desk: Editor):
    desk.open("kogda.yaml")
    desk.write("kogda.yaml", "name: [\n")
    desk.open(CART)

    await desk.codes("kogda.yaml", "E503")
    items = await desk.complete(CART, "stop when ")

    assert "order_placed" in [each.label for each in items]


async def test_fast_writing_ends_with_the_marks_of_the_last_text(desk: Editor):
    desk.open("rules/new.rules", "")
    text = 'when cart_updated where event.totall > 5 EUR send email "cart"\n'

    for end in range(len(text) + 1):
        desk.write("rules/new.rules", text[:end])
    marks = await desk.codes("rules/new.rules", "E205")

    assert desk.text_in("rules/new.rules", marks[0].range) == "totall"


async def test_it_ends_when_the_editor_is_gone(workspace: Path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.cli", "lsp", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=workspace
    )

    assert process.stdin is not None
    process.stdin.close()

    await asyncio.wait_for(process.wait(), 60)


async def test_nothing_is_left_behind_when_the_server_is_killed(workspace: Path):
    async with editor(workspace) as desk:
        desk.open(CART)
        desk.open("rules/new.rules", "when cart_updatedd exit\n")
        await desk.codes("rules/new.rules", "E201")
        server = psutil.Process(desk.client._server.pid)  # type: ignore[union-attr]
        while not (children := [each for each in server.children(recursive=True) if "spawn_main" in command_of(each)]):
            await asyncio.sleep(0.05)

        server.kill()

        gone, alive = await asyncio.to_thread(psutil.wait_procs, children, 60)
        assert (len(gone), alive) == (len(children), [])
