"""Checks messages and forms with the block models of Slack's own Python SDK.

Reads JSON lines {"text", "blocks"} or {"view"} from standard input. Every block must be one that the models know,
keep their limits, and come out of them as it went in, so that no key was passed over. Prints how many were checked;
ends with status 1 and the reason otherwise.
"""

import json
import sys

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, InputBlock, SectionBlock
from slack_sdk.models.views import View

KNOWN = (ActionsBlock, ContextBlock, InputBlock, SectionBlock)


def check_block(block):
    parsed = Block.parse(block)
    if not isinstance(parsed, KNOWN):
        raise ValueError(f"unknown block: {block!r}")
    came_out = parsed.to_dict()
    if came_out != block:
        raise ValueError(f"went in as {block!r} and came out as {came_out!r}")


def check(line):
    if "view" in line:
        View(**line["view"]).validate_json()
        for block in line["view"]["blocks"]:
            check_block(block)
        return
    if not line["text"] or not 1 <= len(line["blocks"]) <= 50:
        raise ValueError("no text, or not between 1 and 50 blocks")
    for block in line["blocks"]:
        check_block(block)


def main():
    checked = 0
    for number, line in enumerate(sys.stdin, start=1):
        try:
            check(json.loads(line))
        except Exception as error:
            sys.exit(f"line {number}: {type(error).__name__}: {error}")
        checked += 1
    print(checked)


if __name__ == "__main__":
    main()
