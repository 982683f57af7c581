var bookmarks = [
{url:"de/text/a.html, text:"b"},
