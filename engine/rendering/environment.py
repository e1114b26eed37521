"""Jinja's immutable sandbox with an account: plain data in, text out, and a price on everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from jinja2 import Template, Undefined
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateSyntaxError
from jinja2.loaders import FunctionLoader
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import Namespace

from dsl.messages import say
from engine.rendering import values
from engine.rendering.budget import MAX_ELEMENTS, BudgetExceeded, current_budget
from engine.rendering.code_generator import PayingCodeGenerator
from engine.rendering.filters import FILTERS
from engine.rendering.front_matter import FrontMatter
from engine.rendering.missing import Missing
from engine.rendering.pages import Pages
from engine.rendering.sources import MAX_SOURCE, PAGES, Sources, referenced, refusal

#: Tests that a template may use after `is`.
TESTS = frozenset(
    {"defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping"}
    | {"iterable", "sequence", "odd", "even", "divisibleby", "in", "eq", "==", "ne", "!=", "gt", ">", "ge", ">="}
    | {"lt", "<", "le", "<=", "equalto", "greaterthan", "lessthan", "lower", "upper"}
)

_LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth")
_LOOP_CALLS = ("cycle", "changed")


def bounded_range(*arguments: Any) -> range:
    numbers = range(*(int(argument) for argument in arguments))
    if len(numbers) > MAX_ELEMENTS:
        raise BudgetExceeded(say("a range of more than {MAX_ELEMENTS} numbers", MAX_ELEMENTS=f"{MAX_ELEMENTS:,}"))
    return numbers


_FUNCTIONS: dict[str, Any] = {"range": bounded_range, "namespace": Namespace}


class FreshTemplate(Template):
    """Jinja keeps the module of an imported file, and with it what one customer's mail put there."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self.make_module()


class BudgetedEnvironment(ImmutableSandboxedEnvironment):
    """Compiles the templates of one set of sources. A name is a file, or a file and a key:
    "email/cart.html#subject"."""

    code_generator_class = PayingCodeGenerator
    template_class = FreshTemplate
    intercepted_binops = frozenset(values.ARITHMETIC)

    def __init__(self, sources: Sources) -> None:
        super().__init__(
            loader=FunctionLoader(self._source),
            undefined=Missing,
            autoescape=lambda name: bool(name) and str(name).endswith(PAGES),
            finalize=values.as_text,
            auto_reload=False,
            cache_size=2000,
            keep_trailing_newline=False,
        )
        self.sources = sources
        self.pages = Pages(sources)
        self.filters = dict(FILTERS)
        self.tests = {name: JINJA_TESTS[name] for name in TESTS}
        self.globals = dict(_FUNCTIONS)
        self._small: dict[str, Template] = {}

    def front_matter(self, path: str) -> FrontMatter:
        return self.pages.front_matter(path)

    def _source(self, name: str) -> tuple[str, str, None]:
        path, _, key = name.partition("#")
        if path not in self.sources:
            raise TemplateNotFound(path)
        if len(self.sources[path]) > MAX_SOURCE:
            raise TemplateSyntaxError(say("the file is longer than {size} KiB", size=MAX_SOURCE // 1024), 1, name)
        refused = refusal(self.sources[path])
        if refused is not None:
            raise TemplateSyntaxError(refused[1], refused[0], name)
        if key:
            return self.front_matter(path).values[key], name, None
        return self.pages.of(path), name, None

    def small_template(self, source: str) -> Template:
        """A line of front matter, compiled once; a text, so nothing in it is escaped."""
        if source not in self._small:
            self._small[source] = self.from_string(source)
        return self._small[source]

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Ours never change. Jinja's own map of maps is slow to copy, and every mail copies it."""
        return {**self.globals, **(d or {})}

    def join_path(self, template: str, parent: str) -> str:
        return referenced(template, parent)

    # What the generated code calls.

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Pieces of a macro or block: escaped already, so they are put together as they are."""
        pieces = list(parts)
        current_budget().charge(sum(map(len, pieces)))
        return "".join(pieces)

    def rounds(self, elements: Any) -> Iterable[Any]:
        if isinstance(elements, str | int | float):
            raise values.NotAllowed(say("only lists can be looped over"))
        return current_budget().each(elements if elements is not None else ())

    concatenated = staticmethod(values.concatenated)
    checked_list = staticmethod(values.checked_list)

    def get_template(self, *arguments: Any, **options: Any) -> Any:
        current_budget().step()
        return super().get_template(*arguments, **options)

    def lookup(self, owner: Any, name: str, path: str = "") -> Any:
        """Data only: keys of objects, the loop's numbers, macros of an imported file. Never a Python attribute."""
        if type(owner) is dict:
            found = owner.get(name, _NOTHING)
            return found if found is not _NOTHING else Missing(name=path or name)
        if isinstance(owner, Undefined):
            return owner.inside(name) if isinstance(owner, Missing) else owner
        if name[:1] == "_":
            raise SecurityError(say("`{name}` is not data", name=name))
        if isinstance(owner, LoopContext) and name in (*_LOOP, *_LOOP_CALLS):
            return getattr(owner, name)
        if isinstance(owner, TemplateReference):
            return owner[name]
        if isinstance(owner, Namespace | TemplateModule):
            return _attribute(owner, name, path)
        return Missing(name=path or name)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.lookup(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.lookup(obj, argument)
        if isinstance(obj, Undefined):
            return self.lookup(obj, str(argument))
        if isinstance(obj, list | tuple | str) and isinstance(argument, int | slice):
            current_budget().charge(len(obj) if isinstance(argument, slice) else 1)
            try:
                return obj[argument]
            except (IndexError, ValueError):
                return Missing(name=str(argument))
        return Missing(name=str(argument))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Macros, blocks, `loop.cycle` and the few functions; each pays a step and a level."""
        if not _is_callable(__obj):
            raise SecurityError(say("only macros and the functions `range` and `namespace` can be called"))
        budget = current_budget()
        budget.enter()
        try:
            return __context.call(__obj, *args, **kwargs)
        finally:
            budget.leave()

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return values.arithmetic(operator, left, right)

    def method(self, owner: Any, name: str, *arguments: Any) -> Any:
        """A method of the closed list. A property of the same name wins nothing: it could not be called."""
        if isinstance(owner, Missing):
            return owner
        if isinstance(owner, TemplateModule):
            return self._macro(self.lookup(owner, name), arguments)
        if type(owner) is dict and name in ("items", "keys", "values", "get"):
            return self._of_object(owner, name, arguments)
        if isinstance(owner, str) and name not in ("items", "keys", "values", "get"):
            current_budget().charge(len(owner))
            return getattr(str if type(owner) is str else type(owner), name)(owner, *map(values.as_text, arguments))
        raise values.NotAllowed(say("`{name}()` does not work here", name=name))

    def _macro(self, macro: Any, arguments: tuple[Any, ...]) -> Any:
        if not isinstance(macro, Macro):
            raise values.NotAllowed(say("only macros of an imported file can be called"))
        current_budget().enter()
        try:
            return macro(*arguments)
        finally:
            current_budget().leave()

    def _of_object(self, owner: dict[str, Any], name: str, arguments: tuple[Any, ...]) -> Any:
        if name == "get":
            key, *default = arguments
            return owner.get(key, default[0] if default else Missing(name=str(key)))
        current_budget().charge(len(owner))
        return {"items": list(owner.items()), "keys": list(owner), "values": list(owner.values())}[name]


_NOTHING = object()


def _attribute(owner: Namespace | TemplateModule, name: str, path: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        return Missing(name=path or name)


def _is_callable(value: Any) -> bool:
    if isinstance(value, Macro | BlockReference) or any(value is function for function in _FUNCTIONS.values()):
        return True
    owner = getattr(value, "__self__", None)
    return isinstance(owner, LoopContext) and value.__name__ in _LOOP_CALLS


def rendered_parts(parts: Iterator[str], limit: int) -> str:
    """The whole result, stopped as soon as it is longer than `limit`."""
    made: list[str] = []
    for part in parts:
        made.append(part)
        limit -= len(part)
        if limit < 0:
            raise BudgetExceeded(say("the mail is too long"))
    return "".join(made)
