// Writes weights as an ELF object, in one pass: as LLVM constants they would need many times their
// size in memory, and the assembler's formats do not align them to pages.
#include "backends/llvm/LibraryParts.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace llvm;
using namespace llvm::ELF;

namespace {
constexpr uint64_t kPageBytes = 4096;

/// From here on the section is marked and named as large, so that linkers (lld by the mark, GNU ld
/// by the name) place it where the code's 32-bit distances to other sections do not cross it.
constexpr uint64_t kLargeSectionBytes = uint64_t(1) << 30;

/// A table of names: "", then each name, ended by zeros.
struct NameTable {
  std::string bytes = std::string(1, '\0');
  unsigned add(StringRef name) {
    unsigned offset = bytes.size();
    bytes += name;
    bytes += '\0';
    return offset;
  }
};
} // namespace

template <typename T> static void writeRaw(raw_ostream &os, const T &value) {
  os.write(reinterpret_cast<const char *>(&value), sizeof(T));
}

static uint16_t machineOf(const Triple &triple) {
  return triple.isAArch64() ? EM_AARCH64 : EM_X86_64;
}

Error incc::writeWeightsObject(const LibraryDesc &desc,
                               function_ref<Error(raw_ostream &)> writeWeights, raw_ostream &os) {
  enum { Null, Weights, SymbolTable, Strings, SectionNames, StackNote, NumSections };
  Triple triple(desc.triple);
  NameTable strings, sectionNames;
  Elf64_Sym symbols[2] = {};
  symbols[1].st_name = strings.add(weightsSymbol(desc));
  symbols[1].setBindingAndType(STB_GLOBAL, STT_OBJECT);
  symbols[1].st_other = STV_HIDDEN;
  symbols[1].st_shndx = Weights;
  symbols[1].st_size = desc.weightsBytes;

  // Contents follow each other in the order of the sections; the section headers come last.
  Elf64_Shdr sections[NumSections] = {};
  uint64_t offset = kPageBytes;
  auto place = [&](unsigned index, StringRef name, unsigned type, uint64_t bytes, uint64_t align) {
    Elf64_Shdr &section = sections[index];
    offset = alignTo(offset, align);
    section.sh_name = sectionNames.add(name);
    section.sh_type = type;
    section.sh_offset = offset;
    section.sh_size = bytes;
    section.sh_addralign = align;
    offset += bytes;
  };
  bool isLarge = triple.isX86() && desc.weightsBytes >= kLargeSectionBytes;
  place(Weights, isLarge ? ".lrodata.incc.weights" : ".incc.weights", SHT_PROGBITS,
        desc.weightsBytes, kPageBytes);
  sections[Weights].sh_flags = SHF_ALLOC | (isLarge ? SHF_X86_64_LARGE : 0);
  place(SymbolTable, ".symtab", SHT_SYMTAB, sizeof(symbols), 8);
  sections[SymbolTable].sh_link = Strings;
  sections[SymbolTable].sh_info = 1; // the first symbol that is not local
  sections[SymbolTable].sh_entsize = sizeof(Elf64_Sym);
  place(Strings, ".strtab", SHT_STRTAB, strings.bytes.size(), 1);
  place(StackNote, ".note.GNU-stack", SHT_PROGBITS, 0, 1);
  unsigned ownName = sectionNames.add(".shstrtab");
  place(SectionNames, "", SHT_STRTAB, 0, 1);
  sections[SectionNames].sh_name = ownName;
  sections[SectionNames].sh_size = sectionNames.bytes.size();
  offset = alignTo(offset + sectionNames.bytes.size(), 8);

  Elf64_Ehdr header = {};
  memcpy(header.e_ident, ElfMagic, 4);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = machineOf(triple);
  header.e_version = EV_CURRENT;
  header.e_shoff = offset;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = NumSections;
  header.e_shstrndx = SectionNames;

  uint64_t start = os.tell();
  auto padTo = [&](uint64_t position) { os.write_zeros(position - (os.tell() - start)); };
  writeRaw(os, header);
  padTo(sections[Weights].sh_offset);
  if (Error error = writeWeights(os))
    return error;
  uint64_t written = os.tell() - start - sections[Weights].sh_offset;
  if (written != desc.weightsBytes)
    return createStringError("expected " + Twine(desc.weightsBytes) + " bytes of weights, got " +
                             Twine(written));
  padTo(sections[SymbolTable].sh_offset);
  writeRaw(os, symbols);
  os << strings.bytes;
  padTo(sections[SectionNames].sh_offset);
  os << sectionNames.bytes;
  padTo(header.e_shoff);
  writeRaw(os, sections);
  return Error::success();
}
