"""What every page needs: who looks at it, lists, forms, downloads, template tags, and the registries that higher apps fill."""
