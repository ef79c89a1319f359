"""Customers: order something at a steady pace, all day long, and say once a second how it goes."""

import json
import random
import time
from collections import Counter
from urllib.request import Request, urlopen

from shop.process import end_when_asked, say, setting

REPORT_EVERY_S = 1.0


def order_something(api_url: str, chance: random.Random) -> str:
    """Place one order; "ordered", or why it could not be."""
    order = {"product": chance.randint(1, 3), "quantity": chance.randint(1, 3)}
    request = Request(api_url + "/orders", data=json.dumps(order).encode(), method="POST")
    try:
        with urlopen(request, timeout=5.0):
            return "ordered"
    except OSError as fault:
        return str(fault)


def main() -> None:
    end_when_asked()
    api_url = setting("SHOP_API_URL")
    pause_s = 1 / float(setting("SHOP_ORDERS_PER_SECOND"))
    chance = random.Random(2)  # the same customers every day
    outcomes: Counter[str] = Counter()
    report_at = time.monotonic()
    while True:
        outcomes[order_something(api_url, chance)] += 1
        if time.monotonic() >= report_at:
            say(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
            outcomes.clear()
            report_at = time.monotonic() + REPORT_EVERY_S
        time.sleep(pause_s)


if __name__ == "__main__":
    main()
