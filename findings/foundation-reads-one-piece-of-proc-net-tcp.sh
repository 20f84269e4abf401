#!/usr/bin/env bash
# Foundation of Swift 6.3.1 on Linux: `String(contentsOfFile:)` and `FileManager.contents(atPath:)` give only the first piece of a file
# whose length the system does not tell, without an error: some 4 KB of /proc/net/tcp, about 27 of its sockets. `FileHandle.readToEnd()`
# gives all of it. Who looks up the program that has a port finds it on a quiet machine, and not on one with many connections.
#
# Seen with 300 listening sockets: text short, contents short, handle whole.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
swift --version 2>/dev/null | grep -o 'Swift version [0-9.]*'
cat >"$folder/read.swift" <<'SWIFT'
import Foundation

let path = "/proc/net/tcp"
func word(_ count: Int?) -> String { (count ?? 0) > 300 * 100 ? "whole" : "short" }
let text = try String(contentsOfFile: path, encoding: .utf8)
let contents = FileManager.default.contents(atPath: path)
let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd()
print("text \(word(text.utf8.count)), contents \(word(contents?.count)), handle \(word(handle?.count))")
SWIFT
swiftc -o "$folder/read" "$folder/read.swift"

seen=$(python3 - "$folder/read" <<'PYTHON'
import socket
import subprocess
import sys

listening = []
for _ in range(300):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listening.append(listener)
print(subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout.strip())
PYTHON
)
echo "$seen"
[ "$seen" = "text short, contents short, handle whole" ]
