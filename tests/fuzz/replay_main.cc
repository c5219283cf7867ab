// Gives a fuzz target each of the files named, without libFuzzer: any compiler builds it.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/fuzz_input.h"

int main(int count, char** paths) {
  for (int i = 1; i < count; ++i) {
    std::ifstream in(paths[i], std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::printf("%s, %zu bytes\n", paths[i], bytes.size());
    if (!in) return 2;
    std::fflush(stdout);  // The last line names the file, should it end this process.
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  return count > 1 ? 0 : 2;
}
