"""Finds the C declarations that PyCryptodome's Python modules pass to load_pycryptodome_raw_lib(), and parses them.

It runs none of the package's code: the texts are read from the syntax tree. It understands the small part of C that
these texts are written in, and refuses anything else.
"""

import ast
import re
from dataclasses import dataclass, field

LOADER = "load_pycryptodome_raw_lib"
NUMBERS = {
    # C type: greatest value. long has 32 bits in PyCryptodome's C, which size_t says whatever long is elsewhere.
    "size_t": "SIZE_MAX",
    "unsigned": "UINT32_MAX",
    "unsigned long": "SIZE_MAX",
    "uint64_t": "UINT64_MAX",
    "uint8_t": "UINT8_MAX",
}


class DeclarationError(Exception):
    """The package's source is not as expected; the message says what to do."""


@dataclass
class Parameter:
    name: str
    c_type: str  # without const, pointers and array brackets
    role: str  # number, buffer, object, new object or callback
    const: bool = False
    fixed_size: str = ""  # of an array parameter

    def declared(self):
        """As C, for the prototype."""
        base = {"object": "void *", "new object": "void *", "buffer": "uint8_t *"}.get(self.role)
        if base is None:
            base = "size_t " if self.c_type == "unsigned long" else f"{self.c_type} "
        stars = "*" if self.role in ("new object", "callback") else ""
        return f"{'const ' if self.const else ''}{base}{stars}{self.name}"


@dataclass
class Function:
    name: str
    returns: str
    parameters: list = field(default_factory=list)


@dataclass
class Library:
    name: str  # Crypto.Hash._SHA256
    functions: list = field(default_factory=list)


def read_libraries(package, not_built):
    """Every library of the package that is built. One that is loaded by two modules is one library."""
    libraries = {}
    for path in sorted(package.rglob("*.py")):
        if "SelfTest" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, text in loader_calls(tree, path):
            if name not in not_built:
                library = libraries.setdefault(name, Library(name))
                library.functions += parse(text, name)
    if not libraries:
        raise DeclarationError(f"{package}: nothing calls {LOADER}. Next step: read how this version loads its C")
    return [libraries[name] for name in sorted(libraries)]


def loader_calls(tree, path):
    """(name, declarations) of each call. A name in them is looked up in the function around the call, then in the
    module."""
    module_names = assigned_names(tree.body)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    scopes = [(function, {**module_names, **assigned_names(function.body)}) for function in functions]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node, names in [(node, names) for scope, names in scopes for node in ast.walk(scope)] + [
        (node, module_names) for node in ast.walk(tree) if id(node) not in inside
    ]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == LOADER:
            name, text = (constant_text(argument, names, path) for argument in node.args)
            yield name, text


def assigned_names(body):
    return {
        node.targets[0].id: node.value
        for statement in body
        if not isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }


def constant_text(node, constants, path):
    """A string, the name of one, or one with something replaced."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return constant_text(constants[node.id], constants, path)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
        old, new = (constant_text(argument, constants, path) for argument in node.args)
        return constant_text(node.func.value, constants, path).replace(old, new)
    raise DeclarationError(f"{path}:{node.lineno}: cannot tell the text of {ast.unparse(node)}. Next step: teach {__file__}")


def parse(text, library):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    text = re.sub(r"//.*", " ", text)
    defines = dict(re.findall(r"^\s*#define\s+(\w+)\s+(\d+)\s*$", text, flags=re.MULTILINE))
    text = re.sub(r"^\s*#define.*$", "", text, flags=re.MULTILINE)
    objects, callbacks = {"void"}, set()
    functions = []
    for statement in (" ".join(part.split()) for part in text.split(";")):
        if not statement:
            continue
        if match := re.fullmatch(r"typedef void (\w+)", statement):
            objects.add(match[1])
        elif match := re.fullmatch(r"typedef int \((\w+)\)\(.*\)", statement):
            callbacks.add(match[1])
        elif match := re.fullmatch(r"(int|void) (\w+)\s*\((.*)\)", statement):
            parameters = [] if match[3].strip() == "void" else match[3].split(",")
            parsed = [parse_parameter(part.strip(), objects, callbacks, defines, library) for part in parameters]
            functions.append(Function(match[2], match[1], parsed))
        else:
            raise DeclarationError(f"{library}: cannot parse `{statement}`. Next step: teach {__file__}")
    return functions


def parse_parameter(text, objects, callbacks, defines, library):
    match = re.fullmatch(r"(const )?(unsigned(?: long)?|\w+)\b\s*(\*{0,2})\s*(\w+)(\[\w*\])?", text)
    if match:
        const, c_type, stars, name, array = bool(match[1]), match[2], match[3], match[4], match[5]
        if c_type == "uint8_t" and (stars == "*" or array):
            size = (array or "").strip("[]")
            return Parameter(name, c_type, "buffer", const, defines.get(size, size))
        if c_type in objects and stars and not array:
            return Parameter(name, c_type, "object" if stars == "*" else "new object", const)
        if c_type in callbacks and stars == "*":
            return Parameter(name, c_type, "callback")
        if c_type in NUMBERS and not stars and not array:
            return Parameter(name, c_type, "number")
    raise DeclarationError(f"{library}: cannot parse the parameter `{text}`. Next step: teach {__file__}")
