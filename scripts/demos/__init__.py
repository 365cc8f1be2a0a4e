"""The demos: each module has `options(parser)`, `play(chain, chosen)` and `conclusion(result)`."""
