# Imports what a script imports, and says what cannot be. It runs in the sandbox, and of the script it runs nothing. SOURCE is
# set by whoever runs it; the last line of standard output is the answer, in JSON.
import ast
import json
import sys

CATCHING = ('ImportError', 'StandardError', 'Exception', 'BaseException')
NEW_PYTHON = ('version_info', 'version', 'PY3', 'PY2', 'hexversion')


def names_in(node):
    for found in ast.walk(node):
        if isinstance(found, ast.Name):
            yield found.id
        elif isinstance(found, ast.Attribute):
            yield found.attr


def catches(handler):
    return handler.type is None or any(name in CATCHING for name in names_in(handler.type))


def attempt(node, name, attribute=None):
    try:
        __import__(name)
        if attribute not in (None, '*') and not hasattr(sys.modules[name], attribute):
            try:
                __import__('%s.%s' % (name, attribute))
            except ImportError:
                raise ImportError('cannot import name %s from %s' % (attribute, name))
    except ImportError, error:
        return [{'line': node.lineno, 'column': node.col_offset + 1, 'module': name, 'message': str(error)}]
    except (Exception, SystemExit):
        # Whatever a module does when it is imported elsewhere is not for this check to say.
        pass
    return []


def failures_of_all(nodes):
    return [failure for node in nodes for failure in failures(node)]


def failures(node):
    if isinstance(node, ast.Import):
        return [failure for alias in node.names for failure in attempt(node, alias.name)]
    if isinstance(node, ast.ImportFrom):
        if node.level or node.module is None or node.module == '__future__':
            return []
        found = []
        for alias in node.names:
            found = found or attempt(node, node.module, alias.name)
        return found
    if isinstance(node, ast.TryExcept) and any(catches(handler) for handler in node.handlers):
        # What stands in for a module counts if the module is not there, and what needs it does not.
        if failures_of_all(node.body):
            return failures_of_all(node.handlers)
        return failures_of_all(node.orelse)
    if isinstance(node, ast.If) and any(name in NEW_PYTHON for name in names_in(node.test)):
        return []
    return failures_of_all(ast.iter_child_nodes(node))


def main():
    found = failures(ast.parse(SOURCE))
    sys.__stdout__.write('\n' + json.dumps(found) + '\n')


main()
