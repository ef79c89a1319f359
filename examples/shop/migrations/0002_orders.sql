create table purchase (
    id integer primary key,
    product_id integer not null references product (id),
    quantity integer not null check (quantity > 0),
    state text not null default 'waiting' check (state in ('waiting', 'packed', 'sold out')),
    ordered_at text not null default current_timestamp
);

create index waiting_purchase on purchase (id) where state = 'waiting';
