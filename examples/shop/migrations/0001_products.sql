create table product (
    id integer primary key,
    name text not null unique,
    price_cents integer not null check (price_cents > 0),
    stock integer not null check (stock >= 0)
);

insert into product (name, price_cents, stock) values
    ('teapot', 3400, 1000),
    ('cup', 900, 5000),
    ('green tea, 100 g', 1250, 2000);
