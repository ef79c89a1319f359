"""Model nouns to text for people: tables, pages, lines. Pure: widths and colour come in, text goes out."""
