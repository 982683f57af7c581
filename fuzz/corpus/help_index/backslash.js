var bookmarks = [
{url:"km/text/a.html?x", app:"CALC", text:"b\"},
{url:"km/text/c.html", app:"CALC", text:"d"},
];
