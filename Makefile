export SWIFT_DETERMINISTIC_HASHING = 1

.PHONY: build test unit format micro

build:
	swift build

test:
	./test

unit:
	scripts/again.sh 1 --suite fast

format:
	swift format --in-place --recursive --parallel Package.swift Services Shared Tests Examples Benchmarks

micro:
	Benchmarks/micro.py
