// The command line: whatever the words, they make a machine's description or one BadUsage line.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/fuzz/require.hpp"
#include "vmm/options.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t max_words = 32;
  std::vector<std::string> words;
  std::string word;
  for (std::size_t i = 0; i < size && words.size() < max_words; ++i) {
    if (data[i] != 0) {
      word += static_cast<char>(data[i]);
      continue;
    }
    words.push_back(std::move(word));
    word.clear();
  }
  words.push_back(std::move(word));
  std::vector<const char*> arguments;
  for (const std::string& each : words) arguments.push_back(each.c_str());
  try {
    const auto parsed = vmm::parse_options(arguments);
    if (const auto* options = std::get_if<vmm::Options>(&parsed)) {
      require(!options->machine.kernel_path.empty());
      require(options->machine.processors >= 1 && options->machine.processors <= 255);
      require(options->machine.memory_bytes % 4096 == 0 && options->machine.memory_bytes > 0);
      require(options->machine.command_line.find('\n') == std::string::npos);
    }
  } catch (const vmm::BadUsage& refusal) {
    require(*refusal.what() != '\0');
  }
  return 0;
}
