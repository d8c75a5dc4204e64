"""From a folder of old configuration files to an inventory that says the same."""

from fleet.provision.adopt.adopted import Adopted, Surroundings, adopt
from fleet.provision.adopt.folder import Folder, folder_of, read_folder
from fleet.provision.adopt.round_trip import differences

__all__ = [
    "Adopted",
    "Folder",
    "Surroundings",
    "adopt",
    "differences",
    "folder_of",
    "read_folder",
]
