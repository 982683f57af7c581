#include <cstdio>

int main() {
  std::puts("crosstail");
  return 0;
}
