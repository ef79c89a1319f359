"""What a plugin says of itself, read as a literal before anything of it runs."""

import ast
import re
import warnings
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from nexsock.hooks import ABI, CAPABILITIES, HOOKS, Manifest
from nexsock.plugins import lua_literal

VARIABLE = "NEXSOCK_PLUGIN"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
PRIORITIES = range(101)
TIMEOUT_LIMIT_S = 30.0
_ABI = re.compile(r"(\d{1,4})\.(\d{1,4})")
_LUA_FUNCTION = re.compile(rb"^[ \t]*(?:function[ \t]+(\w+)[ \t]*\(|(\w+)[ \t]*=[ \t]*function\b)", re.MULTILINE)


class ManifestFault(Exception):
    """A plugin cannot be used for what it says of itself, or does not; `hint` is what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def read_native(source: bytes) -> Manifest:
    """The manifest of a Python file, its hooks completed.

    Raises:
        ManifestFault: it is no Python, or has no manifest that counts.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is doubtful in a plugin is its author's to hear: see 'plugin check'
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise ManifestFault(_syntax(error)) from error
    except (RecursionError, MemoryError) as error:
        raise ManifestFault("it is nested more deeply than Python can read") from error
    for node in tree.body:
        if (value := _assigned(node)) is not None:
            return judge(_literal(value), _defined(tree))
    raise _missing('NEXSOCK_PLUGIN = {"name": "my-plugin", "abi": "' + ABI + '"}')


def read_lua(source: bytes) -> Manifest:
    """The manifest of a Lua file, its hooks completed.

    Raises:
        ManifestFault: it has no manifest that counts.
    """
    try:
        plain = lua_literal.assigned(source, VARIABLE)
    except ValueError as error:
        raise ManifestFault(f"its {VARIABLE} is not a literal table: {error}") from error
    if plain is None:
        raise _missing('NEXSOCK_PLUGIN = { name = "my-plugin", abi = "' + ABI + '" }')
    names = (first or second for first, second in _LUA_FUNCTION.findall(source))
    return judge(plain, (name.decode() for name in names))


def judge(plain: object, functions: Iterable[str] = ()) -> Manifest:
    """The manifest that plain data stands for.

    Args:
        functions: those that the plugin defines; what it answers to where it does not say.
    Raises:
        ManifestFault: a type or a value is wrong, or it was made for another nexsock.
    """
    try:
        said = msgspec.convert(plain, Manifest)
    except msgspec.ValidationError as error:
        raise ManifestFault(f"its {VARIABLE} is wrong: {error}") from error
    if not NAME.fullmatch(said.name):
        raise ManifestFault(
            f"its name is {said.name!r}", "a name has 1 to 64 lowercase letters, digits, hyphens and underscores"
        )
    _check_abi(said.abi)
    _check_known("hook", said.hooks, HOOKS)
    _check_known("capability", said.capabilities, CAPABILITIES)
    if said.priority not in PRIORITIES:
        raise ManifestFault(f"its priority is {said.priority}", "a priority is 0 to 100")
    if not 0 < said.timeout <= TIMEOUT_LIMIT_S:
        raise ManifestFault(f"its timeout is {said.timeout:g}", f"a timeout is up to {TIMEOUT_LIMIT_S:g} seconds")
    defined = frozenset(functions)
    hooks = said.hooks or tuple(name for name in HOOKS if name in defined)
    if not hooks:
        raise ManifestFault("it has no function with the name of a hook", f"hooks are {', '.join(HOOKS)}")
    return replace(said, hooks=hooks)


def _check_abi(abi: str) -> None:
    """Equal in the first number, not above ours in the second: what is added raises that one."""
    if not (found := _ABI.fullmatch(abi)):
        raise ManifestFault(f"its abi is {abi!r}", f"write it like {ABI}")
    major, minor = (int(part) for part in ABI.split("."))
    if int(found[1]) != major or int(found[2]) > minor:
        newer = (int(found[1]), int(found[2])) > (major, minor)
        raise ManifestFault(
            f"it was made for plugin ABI {abi}, and this nexsock has {ABI}",
            "it needs a newer nexsock" if newer else "ask for a newer version of the plugin",
        )


def _check_known(what: str, said: Iterable[str], known: Iterable[str]) -> None:
    for name in said:
        if name not in known:
            raise ManifestFault(f"there is no {what} {name!r}", f"there are {', '.join(known)}")


def _assigned(node: ast.stmt) -> ast.expr | None:
    """What a statement assigns to the manifest's variable, if it does."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == VARIABLE:
            return value
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if name == VARIABLE:
            return value
    return None


def _literal(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ManifestFault(
            f"its {VARIABLE} in line {value.lineno} is not a literal", "it is read without running the plugin"
        ) from error


def _defined(tree: ast.Module) -> list[str]:
    """The functions at the top of a module, and what is imported there under the name of one."""
    found = []
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.append(name)
            case ast.ImportFrom(names=names):
                found.extend(alias.asname or alias.name for alias in names)
            case ast.Assign(targets=targets):
                found.extend(target.id for target in targets if isinstance(target, ast.Name))
    return found


def _syntax(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"line {error.lineno} is not Python: {error.msg}"
    return f"it is not Python: {error}"


def _missing(example: str) -> ManifestFault:
    return ManifestFault(f"it has no {VARIABLE}", f"write {example} at its top")
