"""A PyTorch program to be recorded while it runs, which knows the truth: see live_threads.cpp, whose lines it prints too."""

import json
import os
import select
import sys
import threading
import time

import torch

torch.set_num_threads(1)  # operators run where they are called

MATRIX = torch.rand(512, 512)
NUMBERS = torch.rand(20_000)
WIDE = torch.rand(1_000_000)
WORK = {
    "mm": lambda: torch.mm(MATRIX, MATRIX),
    "sort": lambda: torch.sort(NUMBERS),
    "exp": lambda: torch.exp(WIDE),
}
threads = []


class Worker(threading.Thread):
    def __init__(self, name, pause=0.0):
        super().__init__(name=name, daemon=True)
        self.pause = pause
        self.functions = dict.fromkeys(WORK, 0)
        threads.append(self)

    def run(self):
        while True:
            for name, work in WORK.items():
                before = time.thread_time_ns()
                work()
                self.functions[name] += time.thread_time_ns() - before
            if self.pause:
                time.sleep(self.pause)

    def truth(self):
        cpu = time.clock_gettime_ns(time.pthread_getcpuclockid(self.ident))
        return {"tid": self.native_id, "name": self.name, "cpu": cpu, "functions": dict(self.functions)}


if __name__ == "__main__":
    for worker in (Worker("busy"), Worker("sleepy", pause=0.05)):
        worker.start()
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        print(json.dumps({"time": time.time_ns(), "threads": [worker.truth() for worker in threads]}), flush=True)
    os._exit(0)  # the others never end
