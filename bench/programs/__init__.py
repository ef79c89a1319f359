"""Programs that benchmarks run, each alone and isolated (`python -I -S`): standard library only, nothing of bench."""
