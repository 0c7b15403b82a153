"""A Python program to be recorded while it runs, which knows the truth: see live_threads.cpp, whose lines it prints too."""

import json
import os
import select
import sys
import threading
import time


def crunch(rounds):
    total = 0
    for i in range(rounds):
        total += i * i % 7
    return total


def split_words(text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def parse_numbers(text):
    return [int(number) for number in text.split(",")]


WORDS = "the quick brown fox jumps over the lazy dog " * 400
NUMBERS = ",".join(str(i * 37 % 1000) for i in range(4000))
WORK = {crunch: 20000, split_words: WORDS, parse_numbers: NUMBERS}
threads = []


class Worker(threading.Thread):
    def __init__(self, name, pause=0.0):
        super().__init__(name=name, daemon=True)
        self.pause = pause
        self.functions = {function.__name__: 0 for function in WORK}
        threads.append(self)

    def run(self):
        while True:
            for function, argument in WORK.items():
                before = time.thread_time_ns()
                function(argument)
                self.functions[function.__name__] += time.thread_time_ns() - before
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
