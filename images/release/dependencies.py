"""What the two programs link, by cargo's own word. Nothing is built, and nothing is asked that cargo has not fetched already.

Only what ends up in a program counts: no build script, no macro that runs in the compiler, no crate of the tests. Features are
those of the programs' own build, for both architectures.
"""

import json
import pathlib
import re
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("runner-init", "runner-reaper")
TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked():
    """The packages as (name, version), and of each the set of those it links directly."""
    packages = [word for program in PROGRAMS for word in ("--package", program)]
    targets = [word for target in TARGETS for word in ("--target", target)]
    lines = cargo("tree", "--locked", *packages, *targets, "--edges", "normal,no-proc-macro", "--prefix", "depth", "--no-dedupe").splitlines()
    edges, path = {}, []
    for line in filter(None, lines):
        depth, name, version = re.match(r"(\d+)(\S+) v(\S+)", line).groups()
        package = (name, version)
        edges.setdefault(package, set())
        del path[int(depth):]
        if path:
            edges[path[-1]].add(package)
        path.append(package)
    return edges


def described():
    """What cargo knows of every package of the workspace's graph: licence, source, directory."""
    targets = [word for target in TARGETS for word in ("--filter-platform", target)]
    known = json.loads(cargo("metadata", "--locked", "--format-version=1", *targets))["packages"]
    return {(package["name"], package["version"]): package for package in known}


def stranger(package):
    """Where a package comes from, if neither from this workspace nor from cargo's registry."""
    source = package["source"]
    return None if source is None or source.startswith("registry+") else source


def checksums():
    """SHA-256 of the archives that Cargo.lock names."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(package["name"], package["version"]): package.get("checksum") for package in lock}


def version():
    """The version of this workspace."""
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
