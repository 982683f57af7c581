var bookmarks = [];
