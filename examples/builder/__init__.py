"""The little typesetter behind the example documents, and the documents themselves.

`book` holds a PDF while it is built, `markup` breaks text into lines, `flow` lays blocks into frames, `tables`,
`formulas` and `charts` draw what their names say; the other modules each write one document, whose running text lies in
the folder `texts`.
"""
