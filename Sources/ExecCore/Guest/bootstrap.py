import json
import os
import select
import sys
import types

# If no byte arrives for this many seconds, the server is gone.
_SECONDS = 60


def receive(count):
    data = b""
    while len(data) < count:
        is_ready = select.select([0], [], [], _SECONDS)[0]
        piece = is_ready and os.read(0, count - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


program = json.loads(receive(int.from_bytes(receive(4), "big")))


class DeferredModule(types.ModuleType):
    """A module that is compiled at its first use. To compile all of them would take a sixth of a sandbox's start."""

    def __getattr__(self, name):
        # The import system looks for such names in every module.
        if name.startswith("__"):
            raise AttributeError(name)
        self.load()
        return getattr(self, name)

    def __setattr__(self, name, value):
        # Loaded later, the module would set it again.
        if not name.startswith("__"):
            self.load()
        types.ModuleType.__setattr__(self, name, value)

    def load(self):
        # First, since modules may import each other.
        self.__class__ = types.ModuleType
        try:
            exec(compile(self.__source__, f"<guest/{self.__name__.removeprefix('guest.')}.py>", "exec"), self.__dict__)
        except BaseException:
            self.__class__ = DeferredModule
            raise


def load_all():
    """Loads the modules that were not needed yet, for the processes that are forked from now on. Returns whether there
    were any. Those that begin as programs do run only in processes of their own."""
    unused = [module for module in modules if type(module) is DeferredModule]
    deferred = [module for module in unused if not module.__source__.startswith("#!")]
    for module in deferred:
        # Another of them may have needed it meanwhile.
        if type(module) is DeferredModule:
            module.load()
    return bool(deferred)


package = types.ModuleType("guest")
package.__path__ = []
package.load_all = load_all
sys.modules["guest"] = package
modules = []
for name, source in program["modules"]:
    module = DeferredModule("guest." + name)
    # Also for a module that runs as a separate program (picture_scaler).
    module.__source__ = source
    sys.modules["guest." + name] = module
    setattr(package, name, module)
    modules.append(module)
package.main.main(program["config"])
