"""Brings Opscope's recorder into a Python program that Opscope starts. Its folder stands first in PYTHONPATH, so Python runs this file before the
program. It runs the sitecustomize that it hides, waits until the program has imported torch, then runs the recorder of the exchange folder that
OPSCOPE_RECORD_FOLDER names. Processes that the program starts inherit it and record into files of their own."""


def _opscope():
    import os
    import sys

    folder = os.environ.get("OPSCOPE_RECORD_FOLDER")
    here = os.path.dirname(os.path.abspath(__file__))

    def status(text):
        """In this file's own words: json is not imported before the program wants it."""
        try:
            beside = os.path.join(folder, ".status-%d.tmp" % os.getpid())
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            try:
                os.write(handle, text.encode("ascii"))
            finally:
                os.close(handle)
            os.rename(beside, os.path.join(folder, "status-%d.json" % os.getpid()))
        except (OSError, ValueError):
            pass

    def record():
        try:
            with open(os.path.join(folder, "opscope.py"), "rb") as file:
                code = compile(file.read(), os.path.join(folder, "opscope.py"), "exec")
            exec(code, {"__name__": "opscope", "__opscope_folder__": folder, "__opscope_launched__": True})
        except BaseException:
            pass

    class Loader:
        """torch's own, with the recorder behind it."""

        def __init__(self, spec):
            self.spec, self.loader = spec, spec.loader

        def __getattr__(self, name):
            return getattr(self.loader, name)

        def create_module(self, spec):
            return self.loader.create_module(spec)

        def exec_module(self, module):
            self.spec.loader = module.__loader__ = self.loader
            self.loader.exec_module(module)
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
            record()

    class Finder:
        busy = False

        def find_spec(self, name, path=None, target=None):
            if name != "torch" or self.busy:
                return None
            self.busy = True
            try:
                for other in list(sys.meta_path):
                    find = getattr(other, "find_spec", None) if other is not self else None
                    spec = find(name, path, target) if find else None
                    if spec is not None:
                        if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                            spec.loader = Loader(spec)
                        return spec
            finally:
                self.busy = False
            return None

    finder = Finder()
    if folder and os.path.isdir(folder):
        sys.meta_path.insert(0, finder)
        waits = ('{"id": "", "phase": "waiting", "error": null, "notes": [], "pid": %d, "rank": null, "python": "%d.%d.%d", "torch": "", "kineto": false, '
                 '"cuda": false, "start_ns": 0, "stop_ns": 0, "events": -1, "nodes": -1, "step": -1, "stall_ms": -1, "files": []}')
        pid = os.getpid()
        status(waits % ((pid,) + tuple(sys.version_info[:3])))

        def forget():
            """A program that never wanted torch leaves nothing behind."""
            if finder in sys.meta_path and os.getpid() == pid:
                try:
                    os.unlink(os.path.join(folder, "status-%d.json" % pid))
                except OSError:
                    pass

        import atexit
        atexit.register(forget)

    def here_too(entry):
        try:
            return os.path.abspath(entry or ".") == here
        except (TypeError, ValueError):
            return False

    sys.path[:] = [entry for entry in sys.path if not here_too(entry)]
    sys.path_importer_cache.pop(here, None)


_opscope()
del _opscope


def _hidden():
    """The sitecustomize that this one hides, under its own name."""
    import importlib.machinery
    import importlib.util
    import sys

    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_hidden()
