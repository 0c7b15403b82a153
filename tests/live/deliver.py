"""Runs a Python program in which others may run things, as an injector does: deliver.py PROGRAM ARGUMENTS. Each line of its input is a statement that the
main thread executes among the globals of the program when it comes to it. The end of the input is Ctrl-C."""

import _thread
import ctypes
import os
import runpy
import sys
import threading

kept = []


def deliver():
    rest = b""
    while True:
        piece = os.read(0, 65536)  # sys.stdin has a lock, which forked children would inherit
        if not piece:
            break
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            def call(_, line=line):
                exec(line, vars(sys.modules["__main__"]))
                return 0
            kept.append(ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(call))
            while ctypes.pythonapi.Py_AddPendingCall(kept[-1], None) != 0:
                pass
    _thread.interrupt_main()


if __name__ == "__main__":
    threading.Thread(target=deliver, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
