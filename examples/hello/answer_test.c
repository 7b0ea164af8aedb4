#include "hello.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

static void expect(const char *name, const char *request, const char *start, const char *end) {
  char out[2048];
  size_t n = answer(request, "hello", "3f2a91c", out, sizeof(out) - 1);
  out[n] = '\0';
  size_t tail = strlen(end);
  int ok = strncmp(out, start, strlen(start)) == 0 && n >= tail && strcmp(out + n - tail, end) == 0;
  printf("%s %s\n", ok ? "ok    " : "FAILED", name);
  if (!ok) failures++;
}

int main(void) {
  expect("the front page greets with the commit", "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nhello from 3f2a91c\n");
  expect("a query does not matter", "GET /?a=b HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "hello from 3f2a91c\n");
  expect("the health check answers", "GET /healthz HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nok\n");
  expect("another path is not found", "GET /x HTTP/1.1\r\n", "HTTP/1.1 404 Not Found\r\n", "/healthz\n");
  expect("another method is not found", "POST / HTTP/1.1\r\n", "HTTP/1.1 404 Not Found\r\n", "/healthz\n");
  expect("an empty request is not found", "", "HTTP/1.1 404 Not Found\r\n", "/healthz\n");
  return failures != 0;
}
