"""External data that is missing, damaged or outside the model's folder."""
import os


from bad_cases import case, conv, external, model, weights


def external_model(**entries):
    return conv(external("w", [3, 3, 1, 1], **entries))


@case()
def external_data(folder):
    (folder / "weights.bin").write_bytes(bytes(36))
    return external_model(location="weights.bin")


@case("w: the initializer external data '/etc/passwd': expected a path inside the model's "
      "folder (shape 3x3x1x1)")
def external_absolute(folder):
    return external_model(location="/etc/passwd")


@case("w: the initializer external data '../weights.bin': expected a path inside the model's "
      "folder (shape 3x3x1x1)")
def external_above(folder):
    (folder.parent / "weights.bin").write_bytes(bytes(36))
    return external_model(location="../weights.bin")


@case("w: the initializer external data 'a/../../weights.bin': expected a path inside the "
      "model's folder (shape 3x3x1x1)")
def external_above_within(folder):
    return external_model(location="a/../../weights.bin")


@case("w: the initializer external data 'link.bin': leads outside the model's folder (shape "
      "3x3x1x1)")
def external_link(folder):
    (folder.parent / "weights.bin").write_bytes(bytes(36))
    (folder / "link.bin").symlink_to(folder.parent / "weights.bin")
    return external_model(location="link.bin")


@case("w: the initializer external data 'here/weights.bin': leads outside the model's folder "
      "(shape 3x3x1x1)")
def external_linked_folder(folder):
    (folder.parent / "weights.bin").write_bytes(bytes(36))
    (folder / "here").symlink_to("..")
    return external_model(location="here/weights.bin")


@case("w: the initializer external data 'weights.bin': No such file or directory (shape 3x3x1x1)")
def external_missing(folder):
    return external_model(location="weights.bin")


@case("w: the initializer external data 'weights.bin': is not a regular file (shape 3x3x1x1)")
def external_folder(folder):
    (folder / "weights.bin").mkdir()
    return external_model(location="weights.bin")


@case("w: the initializer external data 'weights.bin': is not a regular file (shape 3x3x1x1)")
def external_pipe(folder):
    os.mkfifo(folder / "weights.bin")
    return external_model(location="weights.bin")


@case("w: the initializer needs 36 bytes from 0 on of external data 'weights.bin', which "
      "has 35 (shape 3x3x1x1)")
def external_truncated(folder):
    (folder / "weights.bin").write_bytes(bytes(35))
    return external_model(location="weights.bin")


@case("w: the initializer needs 36 bytes from 18446744073709551580 on of external "
      "data 'weights.bin', which has 36 (shape 3x3x1x1)")
def external_offset(folder):
    (folder / "weights.bin").write_bytes(bytes(36))
    return external_model(location="weights.bin", offset=2**64 - 36)


@case("w: the initializer external data: expected a number as offset, got '-36' (shape 3x3x1x1)")
def external_negative_offset(folder):
    (folder / "weights.bin").write_bytes(bytes(36))
    return external_model(location="weights.bin", offset=-36)


@case("w: the initializer needs 36 bytes for its shape, but its external data has 35 (shape "
      "3x3x1x1)")
def external_length(folder):
    (folder / "weights.bin").write_bytes(bytes(36))
    return external_model(location="weights.bin", length=35)


@case("w: the initializer external data '': expected a path inside the model's folder (shape "
      "3x3x1x1)")
def external_nowhere(folder):
    return external_model()


@case("w: the initializer has a negative extent or more than 1073741824 elements (shape "
      "2147483648x2147483648x1x1)")
def external_gigantic(folder):
    (folder / "weights.bin").write_bytes(bytes(36))
    return conv(external("w", [2**31, 2**31, 1, 1], location="weights.bin"))
