// Writes device trees to begin with into the folder it is given: of machines of every shape.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/loader/arm64/sample_machines.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: device_tree_seeds FOLDER\n", stderr);
    return 2;
  }
  int number = 0;
  const auto write = [&](const loader::Bytes& tree) {
    std::ofstream{std::string{argv[1]} + "/" + std::to_string(number++) + ".dtb", std::ios::binary}
        .write(reinterpret_cast<const char*>(tree.data()),
               static_cast<std::streamsize>(tree.size()));
  };
  write(stub_tree(samples::full_chosen()));
  for (const auto& machine : samples::all_machines()) {
    write(machine_tree(machine, samples::full_chosen()));
  }
}
