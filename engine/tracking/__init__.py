"""Links and pictures that tell what became of a mail: written here, and judged when somebody asks for them. Pure."""
