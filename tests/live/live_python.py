"""A Python program to be recorded while it runs, which knows the truth: see live_threads.cpp, whose lines it prints too."""

import live_worker

WORDS = "the quick brown fox jumps over the lazy dog " * 400
NUMBERS = ",".join(str(i * 37 % 1000) for i in range(4000))


def crunch():
    total = 0
    for i in range(20000):
        total += i * i % 7
    return total


def split_words():
    counts = {}
    for word in WORDS.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def parse_numbers():
    return [int(number) for number in NUMBERS.split(",")]


if __name__ == "__main__":
    live_worker.run({function.__name__: function for function in (crunch, split_words, parse_numbers)})
