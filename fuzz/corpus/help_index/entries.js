var bookmarks = [
{url:"de/text/shared/guide/a.html?DbPAR=SHARED#bm_id1", app:"SHARED", text:"Umschl&#228;ge --  drucken"},
{url:"de/text/swriter/guide/b.html?DbPAR=WRITER#bm_id2", app:"WRITER", text:"&#34;\\&#34; (Zeichen) -- <b>fett</b>"},
];
