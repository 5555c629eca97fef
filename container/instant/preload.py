# Imports the modules `names` and prepares the interpreter for being copied: afterwards sys.modules holds what it holds
# after a plain start, and an import of a module that is ready finds it, with everything that importing it loads.
# Runs as if it were a part of importlib._bootstrap, so that no traceback shows it.
# `names` and `library_prefixes` are given.
# ruff: noqa: E402, F821, I001
import sys

# Without the program's own, which nothing may keep alive.
base_modules = {name: module for name, module in sys.modules.items() if name != "__main__"}
base_importers = set(sys.path_importer_cache)

import atexit
import builtins
import gc
import os
import warnings

import _frozen_importlib as bootstrap
import _signal

# What the environment is asked for while modules are imported.

real_getitem = type(os.environ).__getitem__
asked = set()


def getitem(self, key):
    if isinstance(key, str):
        asked.add(os.fsencode(key))
    return real_getitem(self, key)


# Which module's code imports which: by name, for every import statement that is executed, whether or not it loads.

edges = {}
running = []
real_import = builtins.__import__
real_load = bootstrap._find_and_load
real_exec = bootstrap._load_unlocked


def note(name):
    if running:
        edges.setdefault(running[-1], {})[name] = None


# What else importing a module does, to be done when it is served: by name, functions without arguments.

effects_of = {}
# Dictionaries and lists in which modules enter what they add to others.
REGISTRIES = {
    "copyreg": ("dispatch_table",),
    "matplotlib.cm": ("_colormaps._cmaps",),
    "matplotlib.projections": ("projection_registry._all_projection_types",),
    "matplotlib.scale": ("_scale_mapping",),
    "matplotlib.units": ("registry",),
    "sys": ("meta_path", "path", "path_hooks"),
    "warnings": ("filters",),
}
environment_before = dict(os.environ._data)
before = {}


def registries():
    found = {("os", "environ._data"): os.environ._data}
    for module, paths in REGISTRIES.items():
        for path in paths:
            value = sys.modules.get(module)
            for name in path.split("."):
                value = getattr(value, name, None)
            if value is not None:
                found[module, path] = value
    return found


def add_to(registry, added):
    if isinstance(registry, dict):
        registry.update(added)
    elif registry is sys.path or registry is sys.meta_path or registry is sys.path_hooks:
        registry.extend(added)
    else:
        registry[:0] = added
        sys.modules["warnings"]._filters_mutated()


def set_variables(registry, added):
    environment = sys.modules["os"].environb
    for key, value in added.items():
        environment[key] = value


def note_effects():
    for key, registry in registries().items():
        old = before.get(key)
        if old == registry:
            continue
        before[key] = registry.copy()
        # A registry that has just been made is its own module's.
        if old is not None:
            if isinstance(registry, dict):
                added = {name: value for name, value in registry.items() if name not in old or old[name] != value}
            else:
                added = [item for item in registry if item not in old]
            add = set_variables if key[0] == "os" else add_to
            effects_of.setdefault(running[-1] if running else "", []).append((add, registry, added))


def undo_effects():
    """Takes what modules have added to others out again."""
    for add, registry, added, *_ in (effect for effects in effects_of.values() for effect in effects):
        if add is not register:
            for item in added:
                if isinstance(registry, dict):
                    registry.pop(item, None)
                elif item in registry:
                    registry.remove(item)
    warnings._filters_mutated()


def recording_register(function, /, *arguments, **keywords):
    """Stands for atexit.register."""
    owner = running[-1] if running else ""
    # This one calls the finalizers of all that use it.
    if getattr(function, "__module__", None) == "weakref":
        owner = "weakref"
    effects_of.setdefault(owner, []).append((register, function, arguments, keywords))
    return function


real_register = atexit.register


def register(function, arguments, keywords):
    real_register(function, *arguments, **keywords)


# What an import must not change, since nothing here would undo it.
def settings():
    signals = [_signal.getsignal(number) for number in range(1, 65) if number not in (32, 33)]
    return (
        sys.excepthook, sys.displayhook, sys.unraisablehook, sys.breakpointhook, sys.gettrace(), sys.getprofile(),
        sys.getrecursionlimit(), sys.getswitchinterval(), sys.stdin, sys.stdout, sys.stderr, sys.argv, sys.flags,
        gc.get_threshold(), gc.get_debug(), gc.isenabled(), len(gc.callbacks), sorted(vars(builtins)), signals,
        os.getcwd(), atexit._ncallbacks(), sys.get_asyncgen_hooks(), sys.getdlopenflags(),
    )


settings_before = settings()
note_effects()


def recording_import(name, globals=None, locals=None, fromlist=(), level=0):
    result = real_import(name, globals, locals, fromlist, level)
    if running:
        if level:
            package = (globals or {}).get("__package__") or ""
            parts = package.rsplit(".", level - 1)
            name = f"{parts[0]}.{name}" if name else parts[0]
        note(name)
        for item in fromlist or ():
            if isinstance(item, str) and f"{name}.{item}" in sys.modules:
                note(f"{name}.{item}")
            elif item == "*":
                for member in getattr(sys.modules.get(name), "__all__", ()):
                    if isinstance(member, str) and f"{name}.{member}" in sys.modules:
                        note(f"{name}.{member}")
    return result


def recording_load(name, import_):
    note(name)
    return real_load(name, import_)


# The modules that import statements or their effects have made known. Extensions add others without an import.
known = set(sys.modules)


def recording_exec(spec):
    note(spec.name)
    note_effects()
    running.append(spec.name)
    known.add(spec.name)
    try:
        return real_exec(spec)
    finally:
        note_effects()
        for name in sys.modules.keys() - known:
            note(name)
            known.add(name)
        running.pop()


type(os.environ).__getitem__ = getitem
atexit.register = recording_register
builtins.__import__ = recording_import
bootstrap._find_and_load = recording_load
bootstrap._load_unlocked = recording_exec
imported = []
try:
    for name in names:
        try:
            real_import(name)
            imported.append(name)
        except ImportError:
            pass
finally:
    bootstrap._load_unlocked = real_exec
    bootstrap._find_and_load = real_load
    builtins.__import__ = real_import
    atexit.register = real_register
    type(os.environ).__getitem__ = real_getitem
os.write(1, " ".join(imported).encode() + b"\n")

# What is ready: everything that a plain start does not have.

# Other names of the program's own module, each by the module that sets it.
main_names = {
    name: owner
    for owner, names_of in edges.items()
    for name in names_of
    if name != "__main__" and sys.modules.get(name) is sys.modules["__main__"]
}
for name in main_names:
    del sys.modules[name]
ready = {name: module for name, module in sys.modules.items() if name not in base_modules and name != "__main__"}
order = {name: index for index, name in enumerate(ready)}
for name in ready:
    del sys.modules[name]
# Attributes of packages that importing a submodule sets.
attributes = {}
for name, module in [*ready.items(), *base_modules.items()]:
    parent, _, child = name.rpartition(".")
    holder = ready.get(parent) or base_modules.get(parent)
    if name in ready and parent and holder is not None and vars(holder).get(child) is module:
        attributes[name] = (holder, child)
        delattr(holder, child)


def closure(name):
    found, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one in found or one not in ready:
            continue
        found.add(one)
        waiting.extend(edges.get(one, ()))
        parent = one.rpartition(".")[0]
        if parent:
            waiting.append(parent)
    return tuple(sorted(found, key=order.__getitem__))


closures = {name: closure(name) for name in ready}
tops = frozenset(name.partition(".")[0] for name in ready)
library = dict(ready)
# What a user has installed can be changed in place, unnoticed.
for module in library.values():
    file = getattr(module, "__file__", None)
    if isinstance(file, str) and not file.startswith(sys.prefix + "/"):
        raise SystemExit(f"{module.__name__} is not the image's own")
known_finders = [*sys.meta_path]
undo_effects()
base_path = list(sys.path)
base_meta_path = list(sys.meta_path)
if os.environ._data != environment_before or settings() != settings_before:
    raise SystemExit("a module has changed a setting of the interpreter")


# What must not repeat: done when the module is served which everybody has imported who could use it.


def reseed(bits):
    bits.state = type(bits)().state


def restart_log():
    now = sys.modules["time"].time_ns()
    logging = library["logging"]
    logging._startTime = now if isinstance(logging._startTime, int) else now / 1e9


def renew_key():
    process = library["multiprocessing.process"]
    process._current_process._config["authkey"] = process.AuthenticationString(os.urandom(32))


def prepare_random_numbers():
    own = library["random"].Random if "random" in library else ()
    legacy = modern = ()
    if "numpy.random" in library:
        legacy, modern = library["numpy.random"].RandomState, library["numpy.random"].Generator
        effects_of.setdefault("numpy.random", []).append((legacy.seed, library["numpy.random.mtrand"]._rand))
    for item in gc.get_objects():
        kind = type(item)
        if issubclass(kind, own) and not issubclass(kind, library["random"].SystemRandom):
            effects_of.setdefault("random", []).append((kind.seed, item))
        elif issubclass(kind, legacy):
            effects_of.setdefault("numpy.random", []).append((legacy.seed, item))
        elif issubclass(kind, modern):
            effects_of.setdefault("numpy.random", []).append((reseed, item.bit_generator))


prepare_random_numbers()
for name, owner in main_names.items():
    effects_of.setdefault(owner, []).append((lambda name: sys.modules.__setitem__(name, sys.modules["__main__"]), name))
for name, effect in {
    "_ssl": lambda: library["_ssl"].RAND_add(os.urandom(32), 32.0),
    "logging": restart_log,
    "multiprocessing.process": renew_key,
}.items():
    if name in library:
        effects_of.setdefault(name, []).append((effect,))


def is_elsewhere(name):
    """Whether what the program has added to the search path, or a finder of its own, leads to another module."""
    if sys.path[1:] != base_path and sys.path != base_path:
        top = name.partition(".")[0]
        spec = getattr(library.get(top, base_modules.get(top)), "__spec__", None)
        if spec is not None and spec.origin not in ("built-in", "frozen"):
            found = sys.modules["_frozen_importlib_external"].PathFinder.find_spec(top, sys.path)
            if found is None or found.origin != spec.origin:
                return True
    if len(sys.meta_path) > len(base_meta_path):
        for finder in sys.meta_path:
            if finder not in known_finders and hasattr(finder, "find_spec"):
                parent = sys.modules.get(name.rpartition(".")[0])
                if finder.find_spec(name, getattr(parent, "__path__", None)) is not None:
                    return True
    return False


def _find_and_load(name, import_):
    if name in ready and name not in sys.modules and not is_elsewhere(name):
        modules = sys.modules
        for one in closures[name]:
            module = ready.pop(one, None)
            if module is not None and one not in modules:
                modules[one] = module
                if one in attributes:
                    setattr(*attributes[one], module)
                for effect in effects_of.get(one, ()):
                    effect[0](*effect[1:])
        return modules[name]
    return real_load(name, import_)


bootstrap._find_and_load = _find_and_load
for entry in set(sys.path_importer_cache) - base_importers:
    if not entry.startswith(sys.prefix):
        del sys.path_importer_cache[entry]
for finder in sys.path_importer_cache.values():
    if hasattr(finder, "invalidate_caches"):
        finder.invalidate_caches()

# The environment and the files in which all this is as it would be.
prefixes = [prefix for prefix in library_prefixes.split(b"\0") if prefix]
variables = []
present = environment_before
for key, value in present.items():
    if key.startswith(tuple(prefixes)):
        variables.append(key + b"=" + value)
for key in sorted(asked):
    if key in present:
        if not key.startswith(tuple(prefixes)):
            variables.append(key + b"=" + present[key])
    else:
        variables.append(key)
home = os.environ.get("HOME", "/")
watched_files = [os.fsencode(path) for path in (
    "matplotlibrc", f"{home}/.config/matplotlib/matplotlibrc", f"{home}/.matplotlib/matplotlibrc",
    *(entry for entry in sys.path if not entry.startswith(sys.prefix)),
)]
if site := base_modules.get("site"):
    if site.ENABLE_USER_SITE and site.USER_SITE:
        watched_files.append(os.fsencode(site.USER_SITE))
# What exists now is never garbage, so that the collector need not look at it.
gc.collect()
gc.freeze()
# The program's own module can be.
main = type(sys)("__main__")
vars(main).update(vars(sys.modules["__main__"]))
sys.modules["__main__"] = main
del main
