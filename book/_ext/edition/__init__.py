"""The Colab edition of a chapter: MyST Markdown in, a plain notebook out.

parser     where blocks and directives begin and end (markdown-it, the book's own syntax)
labels     what {ref}, {numref}, {eq} and {doc} point to
citations  what {cite:p} and {cite:t} say
inline     roles, links and pictures inside a line
blocks     directives and everything else, block by block
quizsource what an author writes in a {quiz}
listtable  {list-table} as a Markdown table
words      what quizzes and exercises say, here as in the page
setup_cell the titled, collapsed cell that brings kit.py and the data along
notebook   cells, date, metadata
ids        cell ids that stay when a chapter is edited
"""
