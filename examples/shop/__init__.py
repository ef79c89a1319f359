"""A small shop: a database, an API over it, a worker that packs orders, a web front and some customers.

It needs nothing but Python's standard library. `nexsock.yaml` beside this folder runs it and explains every line.

    migrate.py    brings the database up to date and ends           migrations/   the steps, as SQL
    api.py        products and orders over HTTP
    worker.py     packs one waiting order after the other
    web.py        serves pages/ and passes /api/ on to the API      pages/        what a browser shows
    load.py       customers who order all day long
"""
