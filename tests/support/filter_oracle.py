#!/usr/bin/env python3
"""What a filtered export must hold, found without Opscope: Python 3.11, standard library only.

    filter_oracle.py ask TRACE                ten filters that fit the trace, each as text and with the events that it is true of
    filter_oracle.py check TRACE PART...      what dangles in parts that were exported of the trace

`ask` prints {"filters": [{"name", "text", "events", "by_cat"}...]}: a pair of B and E counts as two events, each under its own
category; metadata and flows are not counted. The texts are made of values of the trace, so that none is empty by chance.

`check` prints a list with an object for each part:
  events        elements, metadata included
  strangers     events that the original does not have (as JSON values; as many times as they are there)
  half_flows    (cat, id) with a start and no end or an end and no start
  unnamed       tracks whose name the original has and the part has not
  kernels       device ops
  lost_calls    of these, such whose runtime call the original has (by correlation) and the part has not
  lost_ops      the same for the operator: the one that External id names, and the innermost around the call
"""
import gzip
import json
import sys
from collections import Counter, defaultdict
from decimal import Decimal

DEVICE = {"kernel", "gpu_memcpy", "gpu_memset", "memcpy", "memset"}
OPERATORS = {"cpu_op", "operator", "user_annotation"}


def events_of(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    doc = json.loads(data.decode("utf-8"), parse_float=Decimal)
    return doc if isinstance(doc, list) else doc["traceEvents"]


def ns(value):
    return int(Decimal(value) * 1000)


def category(e):
    return e.get("cat", "")


def track(e):
    return json.dumps([e.get("pid"), e.get("tid")])


class Row:
    """A slice (of one event or two) or an instant."""

    def __init__(self, event, kind, start, duration, end_event=None):
        self.event, self.kind, self.start, self.duration = event, kind, start, duration
        self.events = [event] + ([end_event] if end_event else [])
        self.name, self.cat = event.get("name", ""), category(event)
        self.args = event.get("args") or {}


def rows_of(events):
    rows, pairs = [], defaultdict(list)
    for index, e in enumerate(events):
        ph = e.get("ph")
        if ph == "X":
            rows.append(Row(e, "slice", ns(e["ts"]), ns(e["dur"])))
        elif ph in ("B", "E"):
            pairs[track(e)].append((ns(e["ts"]), index, e))
        elif ph in ("i", "I", "C"):
            rows.append(Row(e, "instant", ns(e["ts"]), 0))
    for of_track in pairs.values():
        stack = []
        for when, _, e in sorted(of_track, key=lambda r: r[:2]):
            if e["ph"] == "B":
                stack.append((when, e))
            elif stack:
                start, begin = stack.pop()
                rows.append(Row(begin, "slice", start, when - start, e))
    return rows


def low(row):
    return row.cat.lower()


def correlation(row):
    return row.args.get("correlation", 0)


def is_call(row):
    return low(row).endswith(("_runtime", "_driver")) or low(row) == "runtime"


def quiet_time(wanted, boundaries):
    while wanted in boundaries:
        wanted += 1
    return wanted


def ask(path):
    rows = rows_of(events_of(path))
    slices = [r for r in rows if r.kind == "slice"]
    common = [name for name, _ in Counter(r.name for r in slices if r.name.isascii()).most_common(3)]
    cats = [cat for cat, _ in Counter(r.cat for r in slices if r.cat).most_common(2)]
    durations = sorted(r.duration for r in slices)
    middle, high = durations[len(durations) // 2], durations[len(durations) * 3 // 4]
    shown = [r for r in rows if r.cat != "Trace" and r.name != "Record Window End"]
    first, last = min(r.start for r in shown), max(r.start + r.duration for r in shown)
    boundaries = {r.start - first for r in rows} | {r.start + r.duration - first for r in rows}
    begin = quiet_time((last - first) // 3, boundaries)
    end = quiet_time((last - first) // 2, boundaries)
    busy = Counter(track(r.event) for r in slices).most_common(1)[0][0]
    pid, tid = json.loads(busy)
    words = sorted({r.name for r in slices if r.name.isascii() and len(r.name) > 8})
    word = words[len(words) // 2][2:7].lower()
    used = {correlation(r) for r in slices if low(r) in DEVICE}
    calls = Counter(r.name for r in slices if is_call(r) and correlation(r) and correlation(r) in used)
    call = calls.most_common(1)[0][0] if calls else "no such call"
    launched = {correlation(r) for r in slices if is_call(r) and r.name == call} - {0}
    numbers = Counter((k, v) for r in slices if r.event["ph"] == "X" for k, v in r.args.items()
                      if type(v) is int and k.isidentifier() and 0 <= v < 10 ** 9)
    key, value = numbers.most_common(1)[0][0] if numbers else ("nothing", 1)

    def text(value):
        return json.dumps(value)

    def named(row):
        return row.name in common[:2]

    found = [
        ("category", f"cat == {text(cats[0])} and type == slice", lambda r: r.cat == cats[0]),
        ("name", f"name == {text(common[0])} and type == slice", lambda r: r.name == common[0]),
        ("part of a name", f"name ~ {text(word)} and type == slice", lambda r: word in r.name.lower()),
        ("duration", f"dur > {middle}ns", lambda r: r.duration > middle),
        ("thread", f"tid == {text(tid)} and pid == {text(pid)} and type == slice", lambda r: track(r.event) == busy),
        ("time", f"time in {begin}ns..{end}ns", None),
        ("not", f"cat in ({', '.join(text(c) for c in cats)}) and not (name ~ {text(word)}) and type == slice",
         lambda r: r.cat in cats and word not in r.name.lower()),
        ("launched", f"launched_by(name == {text(call)} and type == slice)", lambda r: low(r) in DEVICE and correlation(r) in launched),
        ("argument", f"args.{key} == {value} and type == slice",
         lambda r: r.event["ph"] == "X" and r.args.get(key) == value and type(r.args.get(key)) is int),
        ("either", f"(name == {text(common[0])} or name == {text(common[1])}) and dur < {high}ns",
         lambda r: named(r) and r.duration < high),
    ]
    out = []
    for name, filter_text, test in found:
        if test is None:
            kept = [r for r in rows if r.start - first < end and (r.start + r.duration - first > begin or r.start - first >= begin)]
        else:
            kept = [r for r in slices if test(r)]
        by_cat = Counter(category(e) for r in kept for e in r.events)
        out.append({"name": name, "text": filter_text, "events": sum(by_cat.values()), "by_cat": by_cat})
    print(json.dumps({"filters": out}))


def plain(value):
    """Hashable, numbers by their digits."""
    return json.dumps(value, sort_keys=True, default=str)


def op_around(slices):
    """id(event of a call) -> event of the innermost operator around it."""
    tracks = defaultdict(list)
    for r in slices:
        if low(r) in OPERATORS or is_call(r):
            tracks[track(r.event)].append(r)
    found = {}
    for rows in tracks.values():
        rows.sort(key=lambda r: (r.start, -r.duration, is_call(r)))
        stack = []
        for r in rows:
            while stack and stack[-1].start + stack[-1].duration < r.start + r.duration:
                stack.pop()
            if is_call(r):
                if stack:
                    found[id(r.event)] = stack[-1].event
            else:
                stack.append(r)
    return found


class Links:
    """Calls and operators of device ops in the original."""

    def __init__(self, slices):
        self.calls = defaultdict(list)
        self.operators = {}
        device = [r for r in slices if low(r) in DEVICE]
        repeats = sum(1 for r in device if r.args.get("External id") == correlation(r))
        self.usable = repeats < 0.9 * len(device)
        for r in slices:
            if is_call(r) and correlation(r):
                self.calls[correlation(r)].append(r.event)
            if low(r) in OPERATORS and r.args.get("External id"):
                self.operators[r.args["External id"]] = r.event
        self.around = op_around(slices)

    def of(self, row):
        calls = self.calls.get(correlation(row), []) if correlation(row) else []
        named = self.operators.get(row.args.get("External id")) if self.usable else None
        owners = ([named] if named else []) + [self.around[id(c)] for c in calls if id(c) in self.around and not named]
        return calls, owners


def check(path, parts):
    original = events_of(path)
    names = {track(e) for e in original if e.get("ph") == "M" and e.get("name") == "thread_name"}
    all_events = Counter(plain(e) for e in original)
    links = Links([r for r in rows_of(original) if r.kind == "slice"])
    out = []
    for part in parts:
        events = events_of(part)
        mine = Counter(plain(e) for e in events)
        flows = defaultdict(set)
        for e in events:
            if e.get("ph") in ("s", "f"):
                flows[plain([category(e), e.get("id")])].add(e["ph"])
        named = {track(e) for e in events if e.get("ph") == "M" and e.get("name") == "thread_name"}
        used = {track(e) for e in events if e.get("ph") != "M"}
        device = [r for r in rows_of(events) if low(r) in DEVICE]
        lost_calls = lost_ops = 0
        for row in device:
            calls, owners = links.of(row)
            lost_calls += bool(calls) and not any(plain(c) in mine for c in calls)
            lost_ops += bool(owners) and not all(plain(o) in mine for o in owners)
        out.append({"events": len(events), "strangers": sum((mine - all_events).values()),
                    "half_flows": sum(1 for ends in flows.values() if len(ends) == 1), "unnamed": len((used & names) - named),
                    "kernels": len(device), "lost_calls": lost_calls, "lost_ops": lost_ops})
    print(json.dumps(out))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "ask":
        ask(sys.argv[2])
    elif len(sys.argv) > 3 and sys.argv[1] == "check":
        check(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)
