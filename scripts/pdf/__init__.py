"""The whole book as one PDF (`make pdf`): the built pages, joined and printed by Chromium.

compose.py   the built pages, in the book's order, become one document
article.py   … each page by itself: ids, links, folded parts, pictures
quizzes.py   … its quizzes: answers after the questions
frames.py    … its widgets: the first frame
contents.py  the list of contents, whose page numbers are filled in later
files.py     what the document may load: the built site, fonts, the style sheet
chromium.py  prints it; reads where the headings stand, fills the numbers in, prints again
outcome.py   the PDF's own data: headings' pages, metadata
"""
