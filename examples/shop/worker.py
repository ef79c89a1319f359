"""Pack the orders that wait, one after the other, and look again after a pause when there is none."""

import time
from contextlib import closing

from shop import database
from shop.process import end_when_asked, read_pairs, say, setting


def main() -> None:
    end_when_asked()
    settings = read_pairs(setting("SHOP_WORKER_SETTINGS"))
    pause_s = int(settings["PAUSE_MS"]) / 1000
    with closing(database.connect(setting("SHOP_DATABASE"))) as connection:
        database.products(connection)  # a database without tables is a fault now, not at the first order
        say(f"{settings['GREETING']}: waiting for orders")
        while True:
            if order := database.pack_next(connection):
                say(f"order {order.id}: {order.state}")
            else:
                time.sleep(pause_s)


if __name__ == "__main__":
    main()
