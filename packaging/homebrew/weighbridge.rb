class Weighbridge < Formula
  include Language::Python::Virtualenv

  desc "Exact token counts of prompts and context files, references resolved"
  homepage "https://github.com/weighbridge/weighbridge"
  url "https://github.com/weighbridge/weighbridge/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "rust" => :build
  depends_on "libyaml"
  depends_on "python@3.13"

  # `brew update-python-resources weighbridge` writes a `resource` for each dependency here.

  def install
    virtualenv_install_with_resources
    generate_completions_from_executable(bin/"weighbridge", "completion", shells: [:bash, :fish, :zsh])
  end

  test do
    (testpath/"a.prompt.md").write "Hello, world"
    assert_match "1 document, 3 tokens", shell_output("#{bin}/weighbridge check a.prompt.md")
  end
end
