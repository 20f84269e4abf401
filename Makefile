export SWIFT_DETERMINISTIC_HASHING = 1

.PHONY: build test unit format

build:
	swift build

test:
	./test

unit:
	swift test --skip EndToEndTests --skip AMQPTests

format:
	swift format --in-place --recursive --parallel Package.swift Services Shared Tests Examples
