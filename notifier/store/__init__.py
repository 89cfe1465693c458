"""Where truth lives: tables, queries and migrations. No decision is taken in here."""
