"""What the recording scripts share: files without the names of the machine that made them, written so that they repeat."""
import getpass
import gzip
import json
import os
import pathlib
import re
import socket
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def places():
    """Folders of this machine, longest first. Never a name that any file may hold by chance."""
    found = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), tempfile.gettempdir(), str(ROOT), str(ROOT.parent),
             os.path.expanduser("~"), os.getcwd()}
    return sorted((place for place in found if len(place) > 3 and place != "/usr"), key=len, reverse=True)


def word(text):
    """Matches the text where it is no part of a longer word: short host names occur inside of hashes."""
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])")


def scrubbed_text(text, folder=None):
    """The text without what names this machine, nor the folder that it was recorded in; fails when something is left."""
    for place in ([str(folder)] if folder else []) + places():
        text = text.replace(place, "/build")
    names = {socket.gethostname(), socket.getfqdn()} - {"", "localhost"}
    for name in names:
        text = word(name).sub("localhost", text)
    for left in ("/root", "/tmp", "/home/", "/work", f"torchinductor_{getpass.getuser()}"):
        assert left not in text, left
    assert not any(word(name).search(text) for name in names)
    return text


def scrubbed(text, name="training_step.pt.trace.json", folder=None):
    """The same of a trace. JSON stays JSON, because only the insides of strings change."""
    text = re.sub(r'("traceName"\s*:\s*)"[^"]*"', lambda found: f'{found[1]}"{name}"', text)
    text = scrubbed_text(text, folder)
    json.loads(text)
    return text


def write(path, text):
    with open(path, "wb") as file:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=9, mtime=0) as packed:
                packed.write(text.encode())
        else:
            file.write(text.encode())
    print(f"{path}: {path.stat().st_size:,} bytes")
