"""The log of a bot or of clients: one line per fact, `TIME WORD…`, written in batches."""
import time


class Journal:
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.first = self.last = None
        self.lines = []

    def write(self, *words):
        self.close_run()
        self.lines.append(f"{time.time():.3f} {' '.join(map(str, words))}\n")

    def event(self, number):
        """Consecutive events share a line: `events FIRST LAST` says that each came, once, in order."""
        if self.last is not None and number == self.last + 1:
            self.last = number
            return
        self.close_run()
        self.first = self.last = number

    def close_run(self):
        if self.first is not None:
            self.lines.append(f"{time.time():.3f} events {self.first} {self.last}\n")
            self.first = self.last = None

    def flush(self):
        self.close_run()
        if self.lines:
            self.file.write("".join(self.lines))
            self.file.flush()
            self.lines = []
