"""Who may have which file, and what HTTP says of it: values in, values out."""
