filedesc://x.arc 0.0.0.0 20140216050221 text/plain 62
1 0 T
URL IP-address Archive-date Content-type Archive-length

http://a.example/a b 1.2.3.4 20140216050221 text/html 69
HTTP/1.1 200 OK
Content-Type: text/html

<html><p>hello</p></html>
http://a.example/2 1.2.3.4 20140216050221 text/html 200 - - 0 x.arc 69
HTTP/1.1 200 OK
Content-Type: text/html

<html><p>hello</p></html>
